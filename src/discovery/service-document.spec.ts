import { describe, expect, it } from '@jest/globals';
import { htmlDocument, markdownDocument, serverJson } from './service-document.js';

const service = {
  name: 'weather',
  title: 'Weather <script>alert(1)</script>',
  description: 'Tells [it](javascript:alert(1))',
  version: '1.4.0',
  tools: [
    { name: 'now', description: 'Now & here', inputSchema: { description: '```\n# escaped' } },
  ],
  endpoints: {
    streamable_http: 'http://127.0.0.1:8090/mcp/weather',
    sse: 'http://127.0.0.1:8090/mcp/weather/sse',
    rest: 'http://127.0.0.1:8090/api/v1/services/weather/tools',
  },
};

describe('the generated documentation of a service', () => {
  it('has how to connect and every tool with its schema', () => {
    const markdown = markdownDocument(service);
    expect(markdown).toContain('## Connect');
    expect(markdown).toContain('"url": "http://127.0.0.1:8090/mcp/weather"');
    expect(markdown).toContain('### now');
  });

  it('lets no markup of foreign text through, and no fence of it end a block', () => {
    const markdown = markdownDocument(service);
    const html = htmlDocument(service);
    expect(markdown).not.toContain('<script>');
    expect(markdown).not.toContain('(javascript:');
    expect(markdown).toContain('````json');
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;');
  });

  it('says so when no tools are known', () => {
    expect(markdownDocument({ ...service, tools: [] })).toContain('None are known yet.');
  });

  it('is a server.json with our endpoints as remotes', () => {
    expect(serverJson(service)).toMatchObject({
      name: 'local.switchyard/weather',
      version: '1.4.0',
      remotes: [
        { type: 'streamable-http', url: service.endpoints.streamable_http },
        { type: 'sse' },
      ],
    });
  });
});
