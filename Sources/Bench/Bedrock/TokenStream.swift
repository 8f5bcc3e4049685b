internal import Foundation

/// A client that asks for one streamed chat completion after the other; as cheap as one can be, so that what is
/// measured is the server.
///
/// Like the clients of the SDKs, it keeps its connection for as long as the server does. Brume keeps it; llama.cpp's
/// server closes it after each stream, whatever it says of keeping it. A new one is made before the clock starts.
final class TokenStream {
    /// The server that is measured.
    struct Target {
        let address: LoopbackSocket.Address
        /// Lines such as `Authorization: Bearer …`.
        let headers: [String]
        let model: String
    }

    /// One answer.
    struct Answer {
        var tokens: Int
        var firstTokenNanoseconds: Int64
        /// When each chunk with text was there.
        var arrivals: [Int64]
    }

    /// An engine that says nothing for so long has failed.
    private static let answerSecondsMax = 30
    /// More than an answer of the fixtures with its framing.
    private static let answerBytesMax = 8 << 20
    private static let tokensMax = 256
    private static let end = Array("data: [DONE]".utf8)
    private static let tokens = Array("\"completion_tokens\":".utf8)

    private let target: Target
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// The connection of the answer before, if the server did not close it yet.
    private var kept: LoopbackSocket?

    init(_ target: Target) {
        self.target = target
    }

    /// The request; `seed` identifies it to the relay, and changes nothing at temperature 0.
    private func request(seed: Int) -> [UInt8] {
        let body =
            "{\"model\":\"\(self.target.model)\",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a story.\"}],"
            + "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"temperature\":0,\"seed\":\(seed),"
            + "\"max_tokens\":\(Self.tokensMax)}"
        let lines =
            [
                "POST /v1/chat/completions HTTP/1.1", "Host: localhost",
                "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
            ] + self.target.headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// Asks, and reads until the end of the stream.
    /// - Throws: for an answer that is no stream with its usage.
    func answer(seed: Int = 0) throws -> Answer {
        let request = self.request(seed: seed)
        if let kept = self.kept {
            self.kept = nil
            if !kept.isClosedByServer, let answer = try self.answer(to: request, on: kept, isNew: false) {
                return answer
            }
        }
        let connection = try LoopbackSocket(self.target.address, answerSecondsMax: Self.answerSecondsMax)
        guard let answer = try self.answer(to: request, on: connection, isNew: true) else {
            throw BenchError("no answer on a new connection")
        }
        return answer
    }

    /// - Returns: nil if the server closed a connection that is not new, before it answered.
    private func answer(to request: [UInt8], on connection: LoopbackSocket, isNew: Bool) throws -> Answer? {
        let begun = monotonicNanoseconds()
        do {
            try connection.send(request)
        } catch {
            if isNew { throw error }
            return nil
        }
        var received: [UInt8] = []
        received.reserveCapacity(64 << 10)
        var arrivals: [Int64] = []
        var counter = TextChunkCounter()
        // What was looked through already; a mark may lie over its end.
        var seen = 0
        var hasEnd = false
        while true {
            let socket = connection.descriptor
            let length = unsafe self.buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if length < 0 && errno == EINTR { continue }
            if length <= 0 && received.isEmpty && !isNew { return nil }
            guard length > 0, received.count + length <= Self.answerBytesMax else {
                throw BenchError("a stream that breaks off:\n\(Self.shown(received))")
            }
            received.append(contentsOf: self.buffer[..<length])
            let count = counter.take(self.buffer[..<length])
            if count > 0 { arrivals += repeatElement(monotonicNanoseconds(), count: count) }
            // The last chunk of the transfer stands behind the mark, and may come later than it. A head may end in the
            // same bytes.
            if !hasEnd { hasEnd = Self.index(of: Self.end, in: received, from: max(0, seen - Self.end.count)) != nil }
            if hasEnd, received.suffix(5).elementsEqual("0\r\n\r\n".utf8) { break }
            if seen == 0, !received.starts(with: "HTTP/1.1 200".utf8.prefix(received.count)) {
                throw BenchError("an answer that is not 200:\n\(Self.shown(received))")
            }
            seen = received.count
        }
        guard let place = Self.index(of: Self.tokens, in: received, from: 0), let firstToken = arrivals.first else {
            throw BenchError("a stream without tokens or their count:\n\(Self.shown(received))")
        }
        let digits = received[(place + Self.tokens.count)...].drop { $0 == 0x20 }.prefix { (0x30...0x39).contains($0) }
        guard let tokens = Int(String(decoding: digits, as: UTF8.self)), tokens > 0 else {
            throw BenchError("a stream of no tokens:\n\(Self.shown(received))")
        }
        self.kept = connection
        return Answer(tokens: tokens, firstTokenNanoseconds: firstToken - begun, arrivals: arrivals)
    }

    private static func index(of mark: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= mark.count else { return nil }
        return bytes[start...].firstRange(of: mark)?.lowerBound
    }

    private static func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes.suffix(2000), as: UTF8.self) }
}
