/** The least that a node:http server can do with a call: reads the whole body, and answers as many bytes as a prediction has. Prints its port. */
import { createServer } from 'node:http';

const answer = Buffer.from(
  JSON.stringify({
    predictions: [{ id: 'telco-churn.AZrX3kQ1c0mKq7b2vN0xUq0fVb9e31xkHc2e', probability: 0.123_456_789_012_345_6, decision: false, label: 'No', version: '20261001-0300', role: 'stable' }],
    model: { name: 'telco-churn', version: '20261001-0300' },
  }),
);

const server = createServer((request, response) => {
  request.on('data', () => {});
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ dataPort: typeof address === 'object' ? address?.port : undefined })}\n`);
});
