import type { Dispatcher } from 'undici';
import type { WriteGate } from './write-gate.ts';

/**
 * The same connections for one attempt that its gate has let pass: looks once more at the very moment at which it is
 * written. Until then it may have waited for a connection, and a process that stood still meanwhile and wakes up hears of
 * the connection before its timers tell that the time is over. The attempt then fails as one that was never sent.
 */
export const startInTime = (dispatcher: Dispatcher, gate: WriteGate | undefined): Dispatcher =>
  gate === undefined
    ? dispatcher
    : dispatcher.compose(
        (dispatch) => (options, handler) => dispatch(options, refusingLateStart(handler, gate)),
      );

const refusingLateStart = (
  handler: Dispatcher.DispatchHandler,
  gate: WriteGate,
): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller, context) => {
    if (gate.leftMs() <= 0)
      throw Object.assign(new Error('it had waited for its connection'), { code: 'LATE_START' });
    handler.onRequestStart?.(controller, context);
  },
  onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
  onResponseStart: (...args) => handler.onResponseStart?.(...args),
  onResponseData: (...args) => handler.onResponseData?.(...args),
  onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
  onResponseError: (...args) => handler.onResponseError?.(...args),
});
