import { describe, expect, it } from '@jest/globals';
import { limitedTo, OPERATOR } from '../../test/support/template-fleet.js';
import type { TemplateContent } from '../config/template.js';
import {
  maySeeName,
  requireExecScope,
  requireTemplateExecution,
  requireTemplateWrite,
} from './template-access.js';

const template = (config: TemplateContent['config'], overlays = {}): TemplateContent => ({
  template_id: 't',
  title: '',
  description: '',
  extends: null,
  config,
  overlays,
});
const RUNS = { runtime: { command: 'node' } };
const REFUSED = expect.objectContaining({ code: 'auth.scope-missing', status: 403 });

describe('requireTemplateWrite', () => {
  it('lets those write who may write every service, and nobody else', () => {
    expect(() => requireTemplateWrite(OPERATOR)).not.toThrow();
    expect(() => requireTemplateWrite(limitedTo('admin'))).not.toThrow();
    expect(() => requireTemplateWrite(limitedTo('read', 'exec'))).toThrow(REFUSED);
    expect(() => requireTemplateWrite({ ...OPERATOR, services: ['*'] })).toThrow(REFUSED);
  });
});

describe('requireTemplateExecution', () => {
  it.each<[string, TemplateContent[], TemplateContent[], boolean]>([
    ['sets nothing', [template({ network: {} })], [], false],
    ['sets a command', [template(RUNS)], [], true],
    ['sets one in an overlay', [template({}, { dev: RUNS })], [], true],
    ['takes one away by null', [template({ runtime: { command: null } })], [template(RUNS)], true],
    ['stands on one that sets it', [template(RUNS), template({})], [template({})], true],
    ['keeps what was set', [template(RUNS), template({})], [template({}), template(RUNS)], false],
    ['sets nothing any more', [template({})], [template(RUNS)], false],
  ])('of a template that %s', (_what, wanted, present, isRefused) => {
    const judged = (): void => {
      requireTemplateExecution(limitedTo('write'), wanted, present);
    };
    if (isRefused) expect(judged).toThrow(REFUSED);
    else expect(judged).not.toThrow();
    expect(() => requireTemplateExecution(OPERATOR, wanted, present)).not.toThrow();
  });

  it('names what the scope is needed for', () => {
    expect(() => requireExecScope(limitedTo('write'), 'moving "a"')).toThrow(/which moving "a"/);
  });
});

describe('maySeeName', () => {
  it.each([
    [null, true],
    [['a-*'], true],
    [['b'], false],
    [[], false],
  ])('with %j', (services, expected) => {
    expect(maySeeName({ services }, 'a-1')).toBe(expected);
  });
});
