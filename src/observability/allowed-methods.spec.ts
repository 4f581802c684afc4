import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { allowedMethods } from './allowed-methods.js';

const application = express();
const answer = (_request: unknown, response: { end: () => void }): void => {
  response.end();
};
application.use(express.json());
application.get('/a/:id', answer);
application.put('/a/:id', answer);
application.post('/a', answer);

describe('the methods of a path', () => {
  it.each([
    ['/a/1', ['GET', 'HEAD', 'PUT']],
    ['/a', ['POST']],
    ['/b', []],
    ['/a/1/2', []],
  ])('%s are %j', (path, methods) => {
    expect(allowedMethods(application, path)).toEqual(methods);
  });

  it('are none of what is no application', () => {
    expect(allowedMethods(undefined, '/a')).toEqual([]);
    expect(allowedMethods(() => undefined, '/a')).toEqual([]);
  });
});
