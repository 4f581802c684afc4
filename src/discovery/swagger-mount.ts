import { SwaggerPageService } from './swagger-page.service.js';

/**
 * Serves the live API page of an application. Called once, before the application is initialised: what is added to Express
 * later stands behind Nest's answer for unknown paths.
 */
export function mountSwagger(app: Parameters<SwaggerPageService['mount']>[0]): void {
  app.get(SwaggerPageService).mount(app);
}
