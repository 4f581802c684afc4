import { describe, expect, it } from '@jest/globals';
import {
  parseTemplateReference,
  templateChain,
  type TemplateDocument,
  type TemplateLookup,
} from './template.js';

const template = (id: string, below: string | null, revision = 1): TemplateDocument => ({
  schema_version: '1.0',
  template_id: id,
  revision,
  title: id,
  description: '',
  extends: below,
  config: {},
  overlays: {},
});

const lookupIn =
  (...templates: TemplateDocument[]): TemplateLookup =>
  ({ template_id, revision }) =>
    templates.find(
      (one) => one.template_id === template_id && (revision === null || one.revision === revision),
    );

describe('parseTemplateReference', () => {
  it.each([
    ['a', { template_id: 'a', revision: null }],
    ['function_service@12', { template_id: 'function_service', revision: 12 }],
    ['A', null],
    ['a@0', null],
    ['a@', null],
    ['a@1@2', null],
    ['../a', null],
    ['', null],
  ])('of "%s"', (text, expected) => {
    expect(parseTemplateReference(text)).toEqual(expected);
  });
});

describe('templateChain', () => {
  it('answers the root first', () => {
    const lookup = lookupIn(
      template('top', 'middle@2'),
      template('middle', 'root', 2),
      template('root', null),
    );
    expect(templateChain('top', lookup).map((one) => one.template_id)).toEqual([
      'root',
      'middle',
      'top',
    ]);
  });

  it('names the cycle', () => {
    const lookup = lookupIn(template('a', 'b'), template('b', 'c'), template('c', 'b'));
    expect(() => templateChain('a', lookup)).toThrow('b -> c -> b');
    expect(() => templateChain('a', lookup)).toThrow(
      expect.objectContaining({ code: 'config.template-cycle' }),
    );
  });

  it('calls a template that extends another revision of itself a cycle', () => {
    const lookup = lookupIn(template('a', 'a@1', 2), template('a', null, 1));
    expect(() => templateChain('a@2', lookup)).toThrow('a -> a');
  });

  it('allows five templates and refuses six', () => {
    const chain = [1, 2, 3, 4, 5, 6].map((n) => template(`t${n}`, n === 6 ? null : `t${n + 1}`));
    expect(templateChain('t2', lookupIn(...chain))).toHaveLength(5);
    expect(() => templateChain('t1', lookupIn(...chain))).toThrow(
      expect.objectContaining({ code: 'config.template-depth' }),
    );
  });

  it('says which template names one that does not exist', () => {
    expect(() => templateChain('none', lookupIn())).toThrow('"none"');
    expect(() => templateChain('a', lookupIn(template('a', 'none')))).toThrow('a@1 extends');
  });
});
