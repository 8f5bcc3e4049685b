"""A server in OpenAI's notation that says what a test has written, and how it comes."""

import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Of one connection. A test's own handler has `answer`, which is called once for each chat completion."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            return self.send_error(404)
        return self.answer()

    def begin(self, **headers):
        """The head of a stream."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def say(self, text):
        """A word of the answer."""
        self._chunk({"choices": [{"index": 0, "delta": {"content": text}}]})

    def end_answer(self, words):
        """The end of an answer of so many words."""
        self._chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._chunk({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": words}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, chunk):
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def serve(handler, port=0):
    """Starts a server of such connections; whoever starts it closes it."""
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
