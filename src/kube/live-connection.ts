import type { KubeConfig } from '@kubernetes/client-node';
import { timerMs } from '../common/sleep.ts';
import type { KubeContext } from './contexts.ts';
import { type Connection, openConnection } from './server-connection.ts';
import type { TransportOptions } from './wire.ts';

/** The connection to one server, with credentials that are still good. */
export interface LiveConnection {
  /** The connection of this moment; opened, or its headers made anew, where that is due. */
  current(): Promise<Connection> | Connection;
  /** Replaces a connection that was refused (401); one that has been replaced already is left alone. */
  renew(used: Connection): Promise<void>;
  close(): Promise<void>;
}

// Bearer tokens of exec plugins and projected files rotate; headers older than this are asked for anew.
const HEADERS_MAX_AGE_MS = 45_000;
// No server needs longer to accept a connection; one that is asked to answer sooner must also accept sooner.
const CONNECT_MS = 10_000;
// Beside the requests that wait in the queue, for those that must not.
const URGENT_CONNECTIONS = 2;

/** Makes the connection of a context. Nothing is opened before it is asked for. */
export const createLiveConnection = (context: KubeContext, options: TransportOptions): LiveConnection => {
  let config: KubeConfig = context.load();
  let connection: Connection | undefined;
  let opening: Promise<Connection> | undefined;

  const open = async (previous: Connection | undefined): Promise<Connection> => {
    // A token that is in a file of its own is read again; a plugin has its own idea of when to renew.
    if (previous !== undefined && context.hasTokenFile) config = context.load();
    const limits = {
      connections: options.connections + URGENT_CONNECTIONS,
      connectMs: timerMs(Math.min(CONNECT_MS, options.requestTimeoutMs)),
    };
    // A rotated token needs new headers only; the connections stay.
    connection = await openConnection(config, context, limits, previous);
    return connection;
  };

  const current = (): Promise<Connection> | Connection => {
    if (connection !== undefined && performance.now() - connection.madeAt < HEADERS_MAX_AGE_MS)
      return connection;
    opening ??= open(connection).finally(() => {
      opening = undefined;
    });
    return opening;
  };

  return {
    current,
    // Requests that are refused together share one renewal: a credential plugin may ask a person to log in.
    renew: async (used) => {
      if (connection === used) {
        connection = undefined;
        config = context.load();
        used.dispatcher.close().catch(() => undefined);
        used.streams.close().catch(() => undefined);
      }
      await current();
    },
    close: async () => {
      await Promise.all([connection?.dispatcher.destroy(), connection?.streams.destroy()]);
      connection = undefined;
    },
  };
};
