import { describe, expect, it } from '@jest/globals';
import { matchTemplate, templateOf, verbOf } from './route-names.js';

describe('the verb of a request', () => {
  it.each([
    ['POST', '/api/v1/services', 'service.create'],
    ['PUT', '/api/v1/services/{id}', 'service.update'],
    ['PATCH', '/api/v1/services/{id}', 'service.update'],
    ['DELETE', '/api/v1/services/{id}', 'service.delete'],
    ['POST', '/api/v1/services/{id}/restart', 'service.restart'],
    ['POST', '/api/v1/services/{id}/health/check', 'service.health.check'],
    ['PATCH', '/api/v1/services/{id}/revisions/{n}', 'service.revisions.update'],
    ['POST', '/api/v1/routes', 'route.create'],
    ['POST', '/api/v1/routes/validate', 'route.validate'],
    ['POST', '/api/v1/alerts/deliveries/{delivery_id}/resend', 'alert.deliveries.resend'],
    ['POST', '/api/v1/import', 'bundle.import'],
    ['POST', '/api/v1/hooks/wrapper-generated', 'hook.wrapper-generated'],
    ['GET', '/api/v1/audit', 'audit.read'],
    ['GET', '/', 'get'],
  ])('of %s %s is %s', (method, template, verb) => {
    expect(verbOf(method, template)).toBe(verb);
  });
});

describe('the template of a path', () => {
  const routes = [
    { method: 'DELETE', template: '/api/v1/routes/{route_id}' },
    { method: 'POST', template: '/api/v1/routes/validate' },
    { method: 'POST', template: '/api/v1/routes/{route_id}' },
    { method: 'POST', template: '/api/v1/services' },
  ];

  it.each([
    ['POST', '/api/v1/routes/validate', '/api/v1/routes/validate'],
    ['POST', '/api/v1/routes/abc', '/api/v1/routes/{route_id}'],
    ['POST', '/API/v1/Services/', '/api/v1/services'],
    ['DELETE', '/api/v1/routes/validate', '/api/v1/routes/{route_id}'],
    ['DELETE', '/api/v1/services', null],
    ['POST', '/api/v1/routes//', null],
  ])('of %s %s is %s', (method, path, template) => {
    expect(matchTemplate(routes, method, path)).toBe(template);
  });

  it('is written as OpenAPI does', () => {
    expect(templateOf('/a/:id/b/:other_id')).toBe('/a/{id}/b/{other_id}');
  });
});
