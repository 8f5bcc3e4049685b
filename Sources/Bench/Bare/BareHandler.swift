internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// The response that a bare server gives, parsed once.
struct BareAnswer: Sendable {
    let head: HTTPResponseHead
    let body: ByteBuffer

    /// Reads a whole HTTP/1.1 response as it came over the wire.
    init(file: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { throw BenchError("\(file) holds no HTTP response") }
        var headers = HTTPHeaders()
        for line in text[..<end.lowerBound].components(separatedBy: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.add(name: String(line[..<colon]), value: value)
        }
        self.head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        self.body = ByteBuffer(bytes: text[end.upperBound...].utf8)
    }
}

/// Answers each request when its end has come.
final class BareHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: BareAnswer

    init(_ answer: BareAnswer) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = self.unwrapInboundIn(data) else { return }
        context.write(self.wrapOutboundOut(.head(self.answer.head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(self.answer.body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Writes a line to standard output at once: whoever waits for it reads a file.
func writeLine(_ line: String) throws {
    try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
}
