import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { acknowledgementOf } from './acknowledgement.js';
import { CurrentCaller, type RequestCaller } from '../auth/current-caller.decorator.js';
import { alertProblems } from './alerts.errors.js';
import { AlertsService } from './alerts.service.js';
import { AcknowledgeAlertDto } from './dto/acknowledge-alert.dto.js';
import { AlertListView, alertListView, AlertView, alertView } from './dto/alert.view.js';
import { ListAlertsDto } from './dto/list-alerts.dto.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

@ApiTags('alerts')
@Controller('api/v1/alerts')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @ApiOperation({ summary: 'List the alerts, newest first: pending, firing and resolved ones' })
  @ApiResponse({ status: 200, type: AlertListView })
  @ProblemAnswer(400, 'alerts.query-invalid: `errors` points at `#query/<name>`')
  list(
    @Query(new DtoPipe(ListAlertsDto, 'query', alertProblems['query-invalid']))
    query: ListAlertsDto,
    @CurrentPrincipal() principal: Principal,
  ): AlertListView {
    return alertListView(this.alerts.list(query, principal));
  }

  @Get(':alert_id')
  @ApiOperation({ summary: 'Read an alert' })
  @ApiParam({ name: 'alert_id', description: 'As listed' })
  @ApiResponse({ status: 200, type: AlertView })
  @ProblemAnswer(404, 'alerts.unknown')
  read(@Param('alert_id') alertId: string, @CurrentPrincipal() principal: Principal): AlertView {
    return alertView(this.alerts.require(alertId, principal));
  }

  @Post(':alert_id/acknowledge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say that somebody looks after an alert: it is not told again' })
  @ApiParam({ name: 'alert_id', description: 'As listed' })
  @ApiResponse({ status: 200, type: AlertView })
  @ProblemAnswer(404, 'alerts.unknown')
  @ProblemAnswer(409, 'alerts.not-firing')
  @ProblemAnswer(422, 'alerts.body-invalid')
  async acknowledge(
    @Param('alert_id') alertId: string,
    @Body(new DtoPipe(AcknowledgeAlertDto, 'body', alertProblems['body-invalid']))
    body: AcknowledgeAlertDto,
    @CurrentCaller() caller: RequestCaller,
  ): Promise<AlertView> {
    return alertView(await this.alerts.acknowledge(alertId, acknowledgementOf(body), caller));
  }

  @Post(':alert_id/unacknowledge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take an acknowledgement back: the alert is told again' })
  @ApiParam({ name: 'alert_id', description: 'As listed' })
  @ApiResponse({ status: 200, type: AlertView })
  @ProblemAnswer(404, 'alerts.unknown')
  @ProblemAnswer(409, 'alerts.not-firing')
  async unacknowledge(
    @Param('alert_id') alertId: string,
    @CurrentCaller() caller: RequestCaller,
  ): Promise<AlertView> {
    return alertView(await this.alerts.unacknowledge(alertId, caller));
  }
}
