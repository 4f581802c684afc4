import { describe, expect, it } from '@jest/globals';
import { dot, mermaid, type Diagram } from './dependency-diagram.js';

const PLAIN: Diagram = {
  nodes: [
    { label: 'shop', state: 'active' },
    { label: 'mail', state: 'missing' },
  ],
  edges: [
    { from: 0, to: 1, required: true, unmet: 'missing' },
    { from: 1, to: 0, required: false, unmet: null },
  ],
};

const HOSTILE: Diagram = {
  nodes: [{ label: '"]\nclick n0 "javascript:alert(1)"\n%%{init}%%<b>\\', state: 'active' }],
  edges: [{ from: 0, to: 0, required: true, unmet: '"|\n n0 --> n1; </script>' }],
};

describe('mermaid', () => {
  it('draws services and what one needs of the other', () => {
    expect(mermaid(PLAIN)).toBe(
      'flowchart LR\n  n0["shop (active)"]\n  n1["mail (missing)"]\n  n0 -->|"missing"| n1\n  n1 -.-> n0\n',
    );
  });

  it('keeps foreign text inside its label', () => {
    const lines = mermaid(HOSTILE).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^ {2}n0\["[A-Za-z0-9 .,_()/#;-]*"\]$/);
    expect(lines[2]).toMatch(/^ {2}n0 -->\|"[A-Za-z0-9 .,_()/#;-]*"\| n0$/);
  });
});

describe('dot', () => {
  it('draws services and what one needs of the other', () => {
    expect(dot(PLAIN)).toContain('  n0 -> n1 [style=solid, color=red, label="missing"];');
    expect(dot(PLAIN)).toContain('  n1 -> n0 [style=dashed];');
  });

  it('keeps foreign text inside its label', () => {
    const lines = dot(HOSTILE).trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(/^ {2}n0 \[label="(?:[^"\\]|\\.)*"\];$/);
  });
});
