import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { DtoPipe } from '../routes/dto.pipe.js';
import { CurrentCaller, type RequestCaller } from '../auth/current-caller.decorator.js';
import { alertProblems } from './alerts.errors.js';
import { AlertsService } from './alerts.service.js';
import {
  DeliveryListView,
  deliveryListView,
  DeliveryView,
  deliveryView,
  ReceiverListView,
  receiverView,
  TestOutcomeView,
  testOutcomeView,
} from './dto/delivery.view.js';
import { ListDeliveriesDto } from './dto/list-alerts.dto.js';
import { TestReceiverDto } from './dto/test-receiver.dto.js';
import { ProblemAnswer } from '../observability/problem-answer.decorator.js';

/** Comes before `AlertsController` in its module, so that its paths are not taken for the id of an alert. */
@ApiTags('alerts')
@Controller('api/v1/alerts')
@ProblemAnswer(401, 'auth.credentials-missing')
@ProblemAnswer(403, 'auth.scope-missing')
export class AlertDeliveriesController {
  constructor(private readonly alerts: AlertsService) {}

  @Get('deliveries')
  @ApiOperation({ summary: 'List the notifications that wait or are dead, oldest first' })
  @ApiResponse({ status: 200, type: DeliveryListView })
  @ProblemAnswer(400, 'alerts.query-invalid: `errors` points at `#query/<name>`')
  list(
    @Query(new DtoPipe(ListDeliveriesDto, 'query', alertProblems['query-invalid']))
    query: ListDeliveriesDto,
    @CurrentPrincipal() principal: Principal,
  ): DeliveryListView {
    return deliveryListView(this.alerts.deliveries(query, principal), this.alerts.dropped);
  }

  @Post('deliveries/:delivery_id/resend')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a dead notification again' })
  @ApiParam({ name: 'delivery_id', description: 'As listed' })
  @ApiResponse({ status: 202, type: DeliveryView })
  @ProblemAnswer(404, 'alerts.delivery-unknown')
  @ProblemAnswer(409, 'alerts.delivery-not-dead')
  async resend(
    @Param('delivery_id') deliveryId: string,
    @CurrentCaller() caller: RequestCaller,
  ): Promise<DeliveryView> {
    return deliveryView(await this.alerts.resend(deliveryId, caller));
  }

  @Delete('deliveries/:delivery_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Give a notification up: it is not sent, and not kept' })
  @ApiParam({ name: 'delivery_id', description: 'As listed' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  @ProblemAnswer(404, 'alerts.delivery-unknown')
  async discard(
    @Param('delivery_id') deliveryId: string,
    @CurrentCaller() caller: RequestCaller,
  ): Promise<void> {
    await this.alerts.discard(deliveryId, caller);
  }

  @Get('receivers')
  @ApiOperation({ summary: 'List who is told of alerts' })
  @ApiResponse({ status: 200, type: ReceiverListView })
  receivers(@CurrentPrincipal() principal: Principal): ReceiverListView {
    return { items: this.alerts.receivers(principal).map(receiverView) };
  }

  @Post('test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a test notification to a receiver, once and now' })
  @ApiResponse({ status: 200, type: TestOutcomeView, description: '`delivered` says whether' })
  @ProblemAnswer(404, 'alerts.receiver-unknown')
  @ProblemAnswer(422, 'alerts.body-invalid')
  async test(
    @Body(new DtoPipe(TestReceiverDto, 'body', alertProblems['body-invalid']))
    body: TestReceiverDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TestOutcomeView> {
    return testOutcomeView(await this.alerts.test(body.receiver, principal));
  }
}
