import { ApiResponse } from '@nestjs/swagger';
import { PROBLEM_SCHEMA } from '../kernel/problem.js';

/** Documents an answer that is a problem document (RFC 9457). `codes` names the codes and when they come. */
export function ProblemAnswer(status: number, codes: string): MethodDecorator & ClassDecorator {
  return ApiResponse({
    status,
    description: codes,
    content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
  });
}
