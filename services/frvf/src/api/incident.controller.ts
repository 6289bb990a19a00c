import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type * as frvf from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { CreateIncident } from '../application/create-incident.js';
import { ReadIncidents } from '../application/read-incidents.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { fromPredicate, idOf, toIncident } from './translate.js';
import { tenantThatMay } from './witness.controller.js';

@Controller()
export class IncidentController {
  constructor(
    private readonly create: CreateIncident,
    private readonly read: ReadIncidents,
  ) {}

  @GrpcMethod('WitnessService', 'createIncident')
  async createIncident(request: frvf.CreateIncidentRequest, metadata: Metadata): Promise<frvf.CreateIncidentResponse> {
    const tenant = tenantThatMay('write', metadata);
    const { requestId, incidentId, title, passPredicate } = request;
    return { incident: toIncident(await this.create.execute({ tenant, requestId, id: incidentId, title, passPredicate: fromPredicate(passPredicate) })) };
  }

  @GrpcMethod('WitnessService', 'getIncident')
  async getIncident({ name }: frvf.GetIncidentRequest, metadata: Metadata): Promise<frvf.GetIncidentResponse> {
    return { incident: toIncident(await this.read.one({ tenant: tenantThatMay('read', metadata), id: idOf(name) })) };
  }

  @GrpcMethod('WitnessService', 'listIncidents')
  async listIncidents({ pageSize, pageToken }: frvf.ListIncidentsRequest, metadata: Metadata): Promise<frvf.ListIncidentsResponse> {
    const tenant = tenantThatMay('read', metadata);
    const list = `incidents\0${tenant}`;
    const { items, next } = await this.read.page(tenant, decodePageToken(pageToken, list), pageSize);
    return { incidents: items.map(toIncident), nextPageToken: encodePageToken(next, list) };
  }
}
