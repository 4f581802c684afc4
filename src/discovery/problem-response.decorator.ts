import { ApiResponse } from '@nestjs/swagger';

/** Documents an answer that is a problem document (RFC 9457). `codes` names the codes and when they come. */
export function ProblemResponse(status: number, codes: string): MethodDecorator & ClassDecorator {
  return ApiResponse({
    status,
    description: codes,
    content: {
      'application/problem+json': {
        schema: {
          type: 'object',
          required: ['type', 'title', 'status', 'code'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            code: { type: 'string' },
            action: { type: 'string', description: 'What to do next' },
            request_id: { type: 'string' },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  });
}
