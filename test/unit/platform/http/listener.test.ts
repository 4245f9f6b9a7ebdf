import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1') === true);

test('without a host it answers on every address that the machine has, IPv4 and IPv6', async () => {
  const server = createServer((_request, response) => response.end('here'));
  const port = await listen(server, 0);
  try {
    for (const host of ['127.0.0.1', ...(hasIPv6 ? ['[::1]'] : [])]) expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('here');
  } finally {
    await closeGracefully(server, 0);
  }
});
