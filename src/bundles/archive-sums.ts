const LINE = /^([0-9a-f]{64}) {2}([A-Za-z0-9][A-Za-z0-9._/-]{0,254})$/;

/** Names and SHA-256 sums in the format of `sha256sum`, so that an operator can check them without us; in order of name. */
export function renderSums(sums: ReadonlyMap<string, string>): string {
  return [...sums]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('');
}

/** The sums of a text that `renderSums` made; `null` for any other text, however small the difference. */
export function parseSums(text: string): ReadonlyMap<string, string> | null {
  if (!text.endsWith('\n')) return null;
  const sums = new Map<string, string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [, sum, name] = LINE.exec(line) ?? [];
    if (sum === undefined || name === undefined || sums.has(name)) return null;
    sums.set(name, sum);
  }
  return renderSums(sums) === text ? sums : null;
}

/** Whether `sidecar` is exactly the one of a file of that name and SHA-256. */
export function isSidecarOf(sidecar: Uint8Array, file: string, sha256: string): boolean {
  const wanted = renderSums(new Map([[file, sha256]]));
  return Buffer.from(wanted).equals(sidecar);
}
