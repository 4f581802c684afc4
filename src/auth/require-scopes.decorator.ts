import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Scope } from './principal.js';

export const REQUIRED_SCOPES = 'switchyard:scopes';

/** Scopes that a controller or one of its methods needs besides those of `access-policy`. */
export function RequireScopes(...scopes: Scope[]): CustomDecorator {
  return SetMetadata(REQUIRED_SCOPES, scopes);
}
