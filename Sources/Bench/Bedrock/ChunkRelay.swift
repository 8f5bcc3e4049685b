internal import Foundation
internal import Synchronization

/// Stands between Brume and an engine on the loopback, passes everything on as it comes, and writes down when it passed
/// on each chunk of an answer that has text.
///
/// A request is told from others by its `seed`, which Brume hands on to the engine and which changes nothing at
/// temperature 0.
final class ChunkRelay: Sendable {
    /// Connections that wait to be taken.
    private static let backlog: Int32 = 64
    private static let bufferBytes = 64 << 10
    /// A head and body longer than this are passed on without being looked through.
    private static let requestBytesMax = 1 << 20

    let port: UInt16
    private let enginePort: UInt16
    /// When each chunk of an answer was passed on, by the seed of its request; requests without one are not counted.
    private let times = Mutex<[Int: [Int64]]>([:])

    /// Listens until the process ends.
    init(enginePort: UInt16) throws {
        self.enginePort = enginePort
        let (listener, port) = try Self.listen()
        self.port = port
        Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                self.pass(client)
            }
        }.start()
    }

    /// When the chunks of the answer to that request were passed on; it is forgotten then.
    func take(seed: Int) -> [Int64] { self.times.withLock { $0.removeValue(forKey: seed) ?? [] } }

    private static func listen() throws -> (Int32, UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw BenchError.system("socket", errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard unsafe bind(listener, pointer, size) == 0, Foundation.listen(listener, Self.backlog) == 0
                else { return Int32(-1) }
                return unsafe getsockname(listener, pointer, &size)
            }
        }
        guard code == 0 else { throw BenchError.system("listening", errno) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Carries one connection, on a thread for each way.
    private func pass(_ client: Int32) {
        var isOn: Int32 = 1
        unsafe setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard let socket = try? LoopbackSocket(.port(self.enginePort), answerSecondsMax: 0) else {
            close(client)
            return
        }
        // Kept until both ways have ended; its own thread closes it.
        nonisolated(unsafe) let engine = socket
        let descriptor = socket.descriptor
        let request = CurrentRequest()
        let back = DispatchSemaphore(value: 0)
        Thread {
            self.carryAnswers(from: descriptor, to: client, request)
            back.signal()
        }.start()
        Thread {
            self.carryRequests(from: client, to: descriptor, request)
            back.wait()
            close(client)
            unsafe withExtendedLifetime(engine) {}
        }.start()
    }

    /// The seed of the request that a connection is at; both of its ways look at it.
    private final class CurrentRequest: Sendable {
        let seed = Atomic<Int>(0)
    }

    private func carryRequests(from client: Int32, to engine: Int32, _ request: CurrentRequest) {
        let mark = Array("\"seed\":".utf8)
        var seen: [UInt8] = []
        Self.carry(from: client, to: engine) { bytes in
            seen.append(contentsOf: bytes)
            if let place = seen.firstRange(of: mark) {
                let digits = seen[place.upperBound...].prefix { (0x30...0x39).contains($0) }
                // A number may go on in the next piece.
                guard place.upperBound + digits.count < seen.count else { return }
                request.seed.store(Int(String(decoding: digits, as: UTF8.self)) ?? 0, ordering: .releasing)
                seen.removeAll(keepingCapacity: true)
            } else if seen.count > Self.requestBytesMax {
                seen.removeAll(keepingCapacity: true)
            }
        }
    }

    private func carryAnswers(from engine: Int32, to client: Int32, _ request: CurrentRequest) {
        var counter = TextChunkCounter()
        Self.carry(from: engine, to: client) { bytes in
            let count = counter.take(bytes)
            let seed = request.seed.load(ordering: .acquiring)
            guard count > 0, seed > 0 else { return }
            let now = monotonicNanoseconds()
            self.times.withLock { $0[seed, default: []] += repeatElement(now, count: count) }
        }
    }

    /// Until one end closes; the other end is told then.
    private static func carry(from source: Int32, to target: Int32, _ look: (ArraySlice<UInt8>) -> Void) {
        var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
        reading: while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(source, $0.baseAddress, $0.count, 0) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            look(buffer[..<count])
            var offset = 0
            while offset < count {
                let place = offset
                let sent = unsafe buffer.withUnsafeBytes { raw in
                    unsafe Foundation.send(
                        target, raw.baseAddress?.advanced(by: place), count - place, Int32(MSG_NOSIGNAL))
                }
                if sent < 0 && errno == EINTR { continue }
                guard sent > 0 else { break reading }
                offset += sent
            }
        }
        // HTTP's clients close both ways at once, and the other end is to know it at once.
        shutdown(target, Int32(SHUT_RDWR))
        shutdown(source, Int32(SHUT_RDWR))
    }
}

/// Counts chunks of a chat completion that have text, in bytes that come in any pieces.
struct TextChunkCounter {
    private static let mark = Array("\"content\":\"".utf8)
    private static let quote = UInt8(ascii: "\"")

    /// Bytes of the mark that were seen last.
    private var matched = 0

    /// - Returns: how many chunks have begun to tell their text within these bytes.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Int {
        var count = 0
        for byte in bytes {
            if self.matched == Self.mark.count {
                // An empty text is none.
                if byte != Self.quote { count += 1 }
                self.matched = 0
            }
            if byte == Self.mark[self.matched] {
                self.matched += 1
            } else {
                self.matched = byte == Self.mark[0] ? 1 : 0
            }
        }
        return count
    }
}
