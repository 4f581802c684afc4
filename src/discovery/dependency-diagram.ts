/** The graph of services as it is shown: ids are places in `nodes`, labels are foreign text. */
export interface DiagramNode {
  readonly label: string;
  /** `missing`: nothing live has that name. */
  readonly state: string;
}

export interface DiagramEdge {
  readonly from: number;
  readonly to: number;
  readonly required: boolean;
  /** Why it does not hold, or `null` when it does. */
  readonly unmet: string | null;
}

export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** Mermaid flowchart. Every label is quoted, and whatever could end or format it is written as an entity. */
export function mermaid({ nodes, edges }: Diagram): string {
  const lines = ['flowchart LR'];
  nodes.forEach(({ label, state }, index) => {
    lines.push(`  n${index}["${mermaidText(`${label} (${state})`)}"]`);
  });
  for (const { from, to, required, unmet } of edges) {
    const arrow = required ? '-->' : '-.->';
    const label = unmet === null ? '' : `|"${mermaidText(unmet)}"|`;
    lines.push(`  n${from} ${arrow}${label} n${to}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Graphviz DOT. Labels are double-quoted strings with quotes, backslashes and line ends escaped. */
export function dot({ nodes, edges }: Diagram): string {
  const lines = ['digraph services {', '  rankdir=LR;'];
  nodes.forEach(({ label, state }, index) => {
    lines.push(`  n${index} [label="${dotText(`${label} (${state})`)}"];`);
  });
  for (const { from, to, required, unmet } of edges) {
    const style = `style=${required ? 'solid' : 'dashed'}`;
    const label = unmet === null ? '' : `, color=red, label="${dotText(unmet)}"`;
    lines.push(`  n${from} -> n${to} [${style}${label}];`);
  }
  return `${lines.join('\n')}\n}\n`;
}

function mermaidText(text: string): string {
  return oneLine(text).replace(
    /[^A-Za-z0-9 .,_()/-]/gu,
    (char) => `#${char.codePointAt(0) ?? 32};`,
  );
}

function dotText(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').slice(0, 200);
}
