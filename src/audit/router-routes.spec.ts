import { expect, it } from '@jest/globals';
import { routeOf, routesOf } from './router-routes.js';

it('reads the routes of an application, and none of what is not one', () => {
  const stack = [
    { name: 'middleware' },
    { route: { path: '/api/v1/services/:id', methods: { get: true, delete: true } } },
    { route: { path: /regular/, methods: { get: true } } },
  ];
  expect(routesOf({ router: { stack } })).toEqual([
    { method: 'GET', template: '/api/v1/services/{id}' },
    { method: 'DELETE', template: '/api/v1/services/{id}' },
  ]);
  for (const other of [null, {}, { router: {} }, 'text']) expect(routesOf(other)).toEqual([]);
});

it('knows the route that a request was given to', () => {
  expect(routeOf({ route: { path: '/a/:id' } })).toBe('/a/{id}');
  expect(routeOf({})).toBeNull();
});
