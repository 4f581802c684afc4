import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { isJsonObject } from '../kernel/json.js';
import { DiscoveryService } from './discovery.service.js';
import { OpenApiDocumentService } from './openapi-document.service.js';
import { htmlDocument, markdownDocument, serverJson } from './service-document.js';

export type DocumentFormat = 'markdown' | 'html' | 'openapi' | 'server_json';

export interface RenderedDocument {
  readonly type: string;
  readonly body: string;
}

/** Documentation of one service, generated from what is known of it now. */
@Injectable()
export class DocumentationService {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly openApi: OpenApiDocumentService,
  ) {}

  render(idOrName: string, format: DocumentFormat, principal: Principal): RenderedDocument {
    const { document } = this.discovery.read(idOrName, principal);
    switch (format) {
      case 'markdown':
        return { type: 'text/markdown; charset=utf-8', body: markdownDocument(document) };
      case 'html':
        return { type: 'text/html; charset=utf-8', body: htmlDocument(document) };
      case 'server_json':
        return { type: 'application/json', body: JSON.stringify(serverJson(document)) };
      case 'openapi':
        return { type: 'application/json', body: this.openApiOf(document.name, principal) };
    }
  }

  /** The live document with the operations of this service's tools only. */
  private openApiOf(name: string, principal: Principal): string {
    const whole = this.openApi.build(principal);
    const prefix = `/api/v1/services/${name}/tools/`;
    const all = isJsonObject(whole.paths) ? Object.entries(whole.paths) : [];
    const paths = Object.fromEntries(all.filter(([path]) => path.startsWith(prefix)));
    return JSON.stringify({ ...whole, paths });
  }
}
