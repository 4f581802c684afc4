import { describe, expect, it } from '@jest/globals';
import { headerFault } from './header-rules.js';

describe('headerFault', () => {
  it('refuses the headers of the connection and of the protocol, whatever their case', () => {
    for (const name of ['Host', 'content-length', 'MCP-Protocol-Version', 'Accept']) {
      expect(headerFault(name)).not.toBeNull();
    }
  });

  it('accepts others', () => {
    for (const name of ['authorization', 'x-region', 'user-agent'])
      expect(headerFault(name)).toBeNull();
  });
});
