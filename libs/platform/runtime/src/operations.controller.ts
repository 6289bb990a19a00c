import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Metrics } from '@stella/platform-telemetry';
import type { Response } from 'express';

export const OPERATIONS = Symbol('operations');

export interface Operations {
  readonly metrics: Metrics;
  /** What is not ready, by name; empty: ready. */
  notReady(): Promise<readonly string[]>;
  /** What only a new process mends, by name; empty: alive. */
  notLive(): readonly string[];
}

/** What operators and orchestrators ask of every process. */
@Controller()
export class OperationsController {
  constructor(@Inject(OPERATIONS) private readonly operations: Operations) {}

  @Get('metrics')
  async metrics(@Res() response: Response): Promise<void> {
    const { metrics } = this.operations;
    response.type(metrics.contentType).send(await metrics.text());
  }

  @Get('livez')
  live(@Res() response: Response): void {
    const stuck = this.operations.notLive();
    if (stuck.length === 0) response.type('text/plain').send('ok');
    else response.status(503).json({ stuck });
  }

  @Get('readyz')
  async ready(@Res() response: Response): Promise<void> {
    const waitingFor = await this.operations.notReady();
    response.status(waitingFor.length === 0 ? 200 : 503).json({ waitingFor });
  }
}
