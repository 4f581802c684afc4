import { describe, expect, it } from '@jest/globals';
import type { Bundle } from './bundle.js';
import { bundleJson, bundleYaml, MAX_YAML_CHARS, readYaml } from './bundle-text.js';

const BUNDLE: Bundle = {
  bundle_version: '1.0',
  templates: [],
  services: [
    {
      service_id: '11111111-1111-4111-8111-111111111111',
      spec: { name: 'a', config: { extensions: { '10': 'no', '9': [] } }, tags: ['x: y', '1.0'] },
    },
  ],
};

describe('a bundle as text', () => {
  it('is JSON with sorted keys and a line break at the end', async () => {
    expect(await bundleJson(BUNDLE)).toBe(`{
  "bundle_version": "1.0",
  "services": [
    {
      "service_id": "11111111-1111-4111-8111-111111111111",
      "spec": {
        "config": {
          "extensions": {
            "10": "no",
            "9": []
          }
        },
        "name": "a",
        "tags": [
          "x: y",
          "1.0"
        ]
      }
    }
  ],
  "templates": []
}
`);
  });

  it('is YAML that no reader takes for something else', async () => {
    expect(await bundleYaml(BUNDLE)).toBe(`bundle_version: "1.0"
services:
  - service_id: 11111111-1111-4111-8111-111111111111
    spec:
      config:
        extensions:
          "10": "no"
          "9": []
      name: a
      tags:
        - "x: y"
        - "1.0"
templates: []
`);
  });
});

describe('reading YAML', () => {
  it.each<[string, string, unknown]>([
    [
      'numbers, texts and nothing',
      'a: 1\nb: "1"\nc: ~\nd: yes\n',
      { a: 1, b: '1', c: null, d: 'yes' },
    ],
    ['JSON', '{"a": [true, {"b": null}]}', { a: [true, { b: null }] }],
  ])('takes %s', (_what, text, value) => {
    expect(readYaml(text)).toEqual({ value });
  });

  it.each<[string, string, RegExp]>([
    ['an alias', 'a: &x [1]\nb: *x\n', /line 2, column 4.*aliases/],
    ['a billion laughs', 'a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n', /aliases/],
    ['a key given twice', 'a:\n  b: 1\n  b: 2\n', /line 3.*"b" is given twice/],
    ['a key that is no text', '1: a\n', /key is no text/],
    ['a tag of its own', 'a: !js/function "x"\n', /tag/i],
    ['two documents', 'a: 1\n---\nb: 2\n', /document/],
    ['what is no YAML', 'a: [1\n', /YAML/],
    ['what is too long', `a: ${'x'.repeat(MAX_YAML_CHARS)}`, /JSON beyond/],
  ])('refuses %s', (_what, text, detail) => {
    const reading = readYaml(text);
    expect('errors' in reading ? reading.errors[0]?.detail : reading).toMatch(detail);
  });

  it('takes no square of the time for many keys', () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `k${String(index)}: 1`).join('\n');
    const before = performance.now();
    expect('value' in readYaml(text)).toBe(true);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
