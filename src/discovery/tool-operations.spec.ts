import { describe, expect, it } from '@jest/globals';
import { valueAt } from '../kernel/json.js';
import { toolOperations } from './tool-operations.js';

const ECHO = {
  name: 'echo',
  title: 'Echo <b>',
  description: 'Says it again',
  inputSchema: {
    type: 'object',
    required: ['message', 'at'],
    properties: {
      message: { type: 'string', default: 'hi' },
      at: { $ref: '#/$defs/At' },
      times: { type: 'integer', examples: [2] },
      quiet: { type: 'boolean' },
    },
    $defs: { At: { type: 'object', required: ['x'], properties: { x: { type: 'number' } } } },
  },
  outputSchema: { type: 'object', properties: { said: { type: 'string' } } },
};

function post(tools: readonly object[], path: string): unknown {
  const { paths } = toolOperations({ name: 'demo', tools: tools as never });
  return paths[path]?.post;
}

describe('toolOperations', () => {
  it('describes a tool as a POST with its input as the body and its output in the answer', () => {
    const operation = post([ECHO], '/api/v1/services/demo/tools/echo');
    expect(operation).toMatchObject({
      operationId: 'demo.echo',
      tags: ['demo'],
      summary: 'Echo &lt;b&gt;',
    });
    expect(valueAt(operation, '/requestBody/content/application~1json/example')).toEqual({
      message: 'hi',
      at: { x: 0 },
      times: 2,
    });
    const answer = '/responses/200/content/application~1json/schema/properties/structured_content';
    expect(valueAt(operation, `${answer}/properties/said`)).toEqual({ type: 'string' });
    expect(valueAt(operation, '/responses/422/content')).toBeDefined();
  });

  it('degrades a bad schema without losing the tool', () => {
    const operation = post(
      [{ name: 'odd', inputSchema: 'none' }],
      '/api/v1/services/demo/tools/odd',
    );
    expect(valueAt(operation, '/description')).toContain('not shown');
  });

  it.each([[{ name: 'a b' }], [{ name: '<x>' }], [{ name: '' }], [{ name: 7 }], [{}]])(
    'leaves out %j, which cannot be called by a path',
    (tool) => {
      expect(toolOperations({ name: 'demo', tools: [tool as never] }).paths).toEqual({});
    },
  );

  it('encodes what a path cannot hold', () => {
    const { paths } = toolOperations({ name: 'demo', tools: [{ name: 'a/b', inputSchema: {} }] });
    expect(Object.keys(paths)).toEqual(['/api/v1/services/demo/tools/a%2Fb']);
  });
});
