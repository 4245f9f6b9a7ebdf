import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

/** Open connections of each server, since `closeIdleConnections` passes over those that have not sent a byte yet. */
const CONNECTIONS = new WeakMap<Server, Set<Socket>>();

/**
 * Starts listening and gives the port: the one asked for, or the one found for 0.
 * @param host without it Node.js takes all addresses there are: `::`, IPv4 with it, or `0.0.0.0` where there is no IPv6; pods of IPv6 clusters have
 *   no other
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function listen(server: Server, port: number, host?: string): Promise<number> {
  const sockets = new Set<Socket>();
  CONNECTIONS.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(host === undefined ? { port } : { port, host });
  await once(server, 'listening');
  return boundPort(server.address());
}

function boundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no TCP port');
  return address.port;
}

/**
 * Stops accepting, closes idle connections, lets requests in flight finish, and cuts what is left after `graceMs`.
 * @returns how the last connection ended
 */
export async function closeGracefully(server: Server, graceMs: number): Promise<'Finished' | 'Cut'> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  let outcome: 'Finished' | 'Cut' = 'Finished';
  server.closeIdleConnections();
  for (const socket of CONNECTIONS.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  const timer = setTimeout(() => {
    outcome = 'Cut';
    server.closeAllConnections();
  }, graceMs);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
  return outcome;
}
