import { isIPv6 } from 'node:net';

/** The origin of a pod's port: an IPv6 address stands in brackets (RFC 3986, section 3.2.2). */
export function httpOrigin(host: string, port: number | string): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
