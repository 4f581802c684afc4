import { DEFAULT_CONFIG } from './defaults.js';
import type { ServiceConfig, ToolPinning } from './service-config.js';

/** `security.tool_pinning`; configurations that were stored before there was any have the default. */
export function pinningOf({ security }: Pick<ServiceConfig, 'security'>): ToolPinning {
  return security.tool_pinning ?? DEFAULT_CONFIG.security.tool_pinning ?? 'warn';
}
