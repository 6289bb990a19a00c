import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { isDomainError } from '@stella/errors';
import { throwError } from 'rxjs';
import { toServiceError } from './status.js';
import { httpStatusOf } from './http-status.js';

/** Called with what was not expected; what callers did wrong is no news. */
export type Report = (error: unknown) => void;

/** The one place where an error becomes an answer, for gRPC and for HTTP. Without it Nest answers UNKNOWN to everything. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly report: Report) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (!isDomainError(error) && !(error instanceof HttpException)) this.report(error);
    if (host.getType() !== 'http') return throwError(() => toServiceError(error));
    const response = host.switchToHttp().getResponse<HttpAnswer>();
    if (response.headersSent) return response.destroy();
    if (error instanceof HttpException) return response.status(error.getStatus()).json({ reason: 'HTTP', message: error.message });
    const { status, body } = httpStatusOf(error);
    return response.status(status).json(body);
  }
}

interface HttpAnswer {
  readonly headersSent: boolean;
  destroy(): void;
  status(code: number): { json(body: unknown): void };
}
