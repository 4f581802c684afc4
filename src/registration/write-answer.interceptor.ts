import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import { WriteAnswer } from './write-answer.js';

/** Writes the status and headers of a `WriteAnswer` on the response, so that controllers stay free of it. */
@Injectable()
export class WriteAnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      map((answer: unknown) => {
        if (!(answer instanceof WriteAnswer)) return answer;
        response.status(answer.status);
        response.set({ ...answer.headers });
        return answer.body;
      }),
    );
  }
}
