import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on loopback: what it was asked (`GET /path`, with the range that was wanted), and what it answers, which a test may change. */
export type TestServer = { readonly url: string; readonly asked: string[]; answer: RequestListener; close(): Promise<void> };

export async function startServer(answer: RequestListener): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
    started.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const started: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return started;
}
