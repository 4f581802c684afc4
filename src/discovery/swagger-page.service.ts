import { Injectable, type INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { accessRefusal } from '../auth/access-policy.js';
import { Authenticator } from '../auth/authenticator.js';
import type { Principal } from '../auth/principal.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import { namesEtag } from './etag-match.js';
import { OpenApiDocumentService } from './openapi-document.service.js';
import { Settings } from '../settings/settings.js';

const DOCS = '/docs';
const DOCUMENT = '/openapi.json';

/** Everything of the page comes from here and may talk to here only; no foreign text can run as script. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
} as const;

/** Serves `/docs` and `/openapi.json`. These paths are no controllers, so access is checked here. */
@Injectable()
export class SwaggerPageService {
  constructor(
    private readonly documents: OpenApiDocumentService,
    private readonly authenticator: Authenticator,
    private readonly settings: Settings,
  ) {}

  mount(app: NestExpressApplication): void {
    this.documents.describe(app);
    const admit = admission(this.authenticator);
    app.use(DOCS, admit);
    app.use(DOCUMENT, admit);
    app.use(DOCUMENT, (request: Request & AdmittedRequest, response: Response) => {
      sendDocument(request, response, this.documents);
    });
    mountPage(app, this.settings.publicUrl);
  }
}

function admission(authenticator: Authenticator) {
  return (request: Request & AdmittedRequest, response: Response, next: NextFunction): void => {
    const principal = authenticator.authenticate(request.headers);
    const refusal = accessRefusal('GET', request.baseUrl, principal);
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    if (refusal === null) {
      request.principal = principal;
      next();
      return;
    }
    const { status, code, detail, headers } = refusal;
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    const type = `urn:switchyard:problem:${code}`;
    response.status(status).type('application/problem+json');
    response.send(
      JSON.stringify({ type, title: 'Refused', status, code, detail, instance: request.baseUrl }),
    );
  };
}

function sendDocument(
  request: AdmittedRequest,
  response: Response,
  documents: OpenApiDocumentService,
): void {
  const principal: Principal | null | undefined = request.principal;
  if (principal === null || principal === undefined) {
    response.status(401).end();
    return;
  }
  const { body, etag } = documents.served(principal);
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  if (namesEtag(request.headers['if-none-match'], etag)) response.status(304).end();
  else response.type('application/json').send(body);
}

/** The page itself holds no document: it fetches the live one. Assets come from the package, not from elsewhere. */
function mountPage(app: INestApplication, publicUrl: string | null): void {
  const base = publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  const empty = { openapi: '3.1.0', info: { title: 'Switchyard', version: '' }, paths: {} };
  SwaggerModule.setup(DOCS, app, empty, {
    raw: false,
    customSiteTitle: 'Switchyard API',
    swaggerUrl: `${base}${DOCUMENT}`,
    swaggerOptions: {
      // Goes before the document that is written into the page, so that `swaggerUrl` is what is read.
      spec: {},
      docExpansion: 'none',
      filter: true,
      tagsSorter: 'alpha',
      operationsSorter: 'alpha',
      tryItOutEnabled: true,
      persistAuthorization: false,
      validatorUrl: null,
      queryConfigEnabled: false,
    },
  });
}
