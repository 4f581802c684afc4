import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import {
  canBeAsked,
  isInputMethod,
  lackingCapability,
  legacyClientOf,
  type InputMethod,
} from './legacy-client.js';

describe('a stateless client as one with a session', () => {
  it('keeps its name and capabilities, and speaks the newest revision with sessions', () => {
    const clientInfo = { name: 'c', version: '1' };
    const capabilities = { roots: {} };
    expect(legacyClientOf({ clientInfo, capabilities, logLevel: -1 })).toEqual({
      protocolVersion: '2025-11-25',
      clientInfo,
      capabilities,
    });
  });

  it('goes by the name of the gateway without one of its own', () => {
    const { clientInfo } = legacyClientOf({ clientInfo: null, capabilities: {}, logLevel: -1 });
    expect(clientInfo.name).toBe('switchyard');
  });

  it.each<[JsonObject, boolean]>([
    [{}, false],
    [{ extensions: {} }, false],
    [{ roots: {} }, true],
    [{ sampling: {} }, true],
    [{ elicitation: {} }, true],
  ])('with %j can be asked: %s', (capabilities, expected) => {
    expect(canBeAsked(capabilities)).toBe(expected);
  });
});

describe('a request of a server', () => {
  it('is one of three', () => {
    const all = ['elicitation/create', 'roots/list', 'sampling/createMessage', 'ping', 'x'];
    expect(all.filter(isInputMethod)).toEqual(all.slice(0, 3));
  });

  it.each<[InputMethod, JsonObject, JsonObject, JsonObject | null]>([
    ['roots/list', {}, {}, { roots: {} }],
    ['roots/list', {}, { roots: {} }, null],
    ['sampling/createMessage', {}, { roots: {} }, { sampling: {} }],
    ['sampling/createMessage', {}, { sampling: {} }, null],
    ['elicitation/create', {}, {}, { elicitation: { form: {} } }],
    ['elicitation/create', {}, { elicitation: {} }, null],
    ['elicitation/create', { mode: 'form' }, { elicitation: { form: {} } }, null],
    ['elicitation/create', {}, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['elicitation/create', { mode: 'url' }, { elicitation: {} }, { elicitation: { url: {} } }],
    ['elicitation/create', { mode: 'url' }, { elicitation: { url: {} } }, null],
  ])('%s %j of a client with %j lacks %j', (method, params, capabilities, lacking) => {
    expect(lackingCapability(method, params, capabilities)).toEqual(lacking);
  });
});
