/** A word that stands in the arguments of one call and nowhere else. */
export function markerOf(n: number): string {
  return `mk${n}x`;
}

/** The markers in `text` that are not `own`. */
export function foreignMarkers(text: string, own: string): string[] {
  return [...new Set([...text.matchAll(/mk\d+x/g)].map(([marker]) => marker))].filter(
    (marker) => marker !== own,
  );
}
