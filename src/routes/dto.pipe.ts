import { Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { isJsonObject, pointerTo } from '../kernel/json.js';
import type { FieldError, ProblemFactory } from '../kernel/problem.js';

/**
 * Turns a query or a body into its DTO, with every fault at once: pointers `#query/<name>` or `/<member>`. What the DTO
 * does not declare is refused.
 */
@Injectable()
export class DtoPipe<Dto extends object> implements PipeTransform<unknown, Promise<Dto>> {
  constructor(
    private readonly type: Type<Dto>,
    private readonly place: 'query' | 'body',
    private readonly refuse: ProblemFactory,
  ) {}

  async transform(value: unknown): Promise<Dto> {
    const plain = value ?? {};
    if (!isJsonObject(plain)) {
      throw this.refuse({ errors: [{ pointer: '', detail: 'A JSON object is expected' }] });
    }
    const dto = plainToInstance(this.type, { ...plain });
    const faults = await validate(dto, {
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: false,
    });
    if (faults.length === 0) return dto;
    const base = this.place === 'query' ? '#query' : '';
    throw this.refuse({ errors: faults.flatMap((fault) => errorsOf(fault, base)) });
  }
}

function errorsOf(fault: ValidationError, base: string): FieldError[] {
  const pointer = pointerTo(base, fault.property);
  const own = Object.entries(fault.constraints ?? {}).map(([rule, detail]) => {
    return { pointer, detail: rule === 'whitelistValidation' ? 'Not known here' : detail };
  });
  return [...own, ...(fault.children ?? []).flatMap((child) => errorsOf(child, pointer))];
}
