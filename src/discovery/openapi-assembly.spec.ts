import { describe, expect, it } from '@jest/globals';
import { assembleDocument } from './openapi-assembly.js';

const BASE = {
  openapi: '3.1.0',
  paths: { '/a': { get: {} } },
  components: { schemas: { A: { type: 'string' } }, securitySchemes: { key: { type: 'http' } } },
};

describe('assembleDocument', () => {
  it('adds paths and schemas and keeps the rest', () => {
    const part = { paths: { '/b': { post: {} } }, components: { 's.B': { type: 'number' } } };
    expect(assembleDocument(BASE, [part])).toEqual({
      openapi: '3.1.0',
      paths: { '/a': { get: {} }, '/b': { post: {} } },
      components: {
        schemas: { A: { type: 'string' }, 's.B': { type: 'number' } },
        securitySchemes: { key: { type: 'http' } },
      },
    });
  });

  it('lets no part replace what is written', () => {
    const part = { paths: { '/a': { post: {} } }, components: { A: { type: 'null' } } };
    expect(assembleDocument(BASE, [part])).toEqual(BASE);
    expect(BASE.paths).toEqual({ '/a': { get: {} } });
  });
});
