import { describe, expect, it } from '@jest/globals';
import { assembleDocument, SharedAnswers } from './openapi-assembly.js';

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

describe('SharedAnswers', () => {
  const answers = (): object => ({ 200: { description: 'Fine' } });

  it('gives operations with equal answers one object, and leaves different ones apart', () => {
    const other = { 204: { description: 'Gone' } };
    const paths = {
      '/a': { post: { responses: answers() }, delete: { responses: other } },
      '/b': { post: { summary: 'b', responses: answers() }, parameters: null },
    };
    const before = JSON.stringify(paths);
    new SharedAnswers().share(paths);
    expect(paths['/b'].post.responses).toBe(paths['/a'].post.responses);
    expect(paths['/a'].delete.responses).toBe(other);
    expect(JSON.stringify(paths)).toBe(before);
  });
});
