internal import ServiceModel
internal import Synchronization
internal import WireProtocols

/// Answers of models in a file, a line of JSON each: written as they are given, found again by their requests.
///
/// The file is read once, when it is opened; what this process adds is known at once. Lines may be added, taken away
/// and edited while no server uses it, and files be put together with `cat`.
package final class Recording: Sendable {
    /// Nothing more is recorded when the file is so large; it is held in memory too.
    static let fileBytesMax = 256 << 20

    private struct State {
        var answers: [RequestFingerprint: RecordedAnswer] = [:]
        /// Up to where the file has whole lines.
        var bytes = 0
        /// Whether a line stands behind that which was never written whole.
        var hasTornLine = false
        var file: OpenFile?
    }

    package let path: String
    private let fileBytesMax: Int
    private let state: Mutex<State>

    /// Reads a file; one that is not there has no answers.
    /// - Throws: where a line is none that this version writes; a last line without its end was being written, and is
    ///   no error.
    package init(path: String, fileBytesMax: Int = Recording.fileBytesMax) throws(RecordingError) {
        self.path = path
        self.fileBytesMax = fileBytesMax
        self.state = Mutex(try Self.read(path, fileBytesMax))
    }

    private static func read(_ path: String, _ bytesMax: Int) throws(RecordingError) -> State {
        var state = State()
        let bytes: [UInt8]
        do throws(RegistryError) {
            bytes = try Disk.read(path, bytesMax: bytesMax) ?? []
        } catch {
            throw RecordingError(error.sentence)
        }
        var number = 0
        while state.bytes < bytes.count {
            guard let end = bytes[state.bytes...].firstIndex(of: UInt8(ascii: "\n")) else {
                state.hasTornLine = true
                break
            }
            number += 1
            let line = Array(bytes[state.bytes..<end])
            state.bytes = end + 1
            // An empty line separates for the eye.
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            guard let document = Document(json: line) else {
                throw RecordingError("line \(number) of \(path) cannot be used: it is no JSON")
            }
            do throws(RecordingError) {
                let answer = try RecordedAnswer(document)
                // Of several answers to one request the last holds.
                state.answers[answer.fingerprint] = answer
            } catch {
                throw RecordingError("line \(number) of \(path) cannot be used: \(error.sentence)")
            }
        }
        return state
    }

    /// How many requests have an answer.
    package var count: Int { self.state.withLock { $0.answers.count } }

    package func answer(_ fingerprint: RequestFingerprint) -> RecordedAnswer? {
        self.state.withLock { $0.answers[fingerprint] }
    }

    /// Writes an answer; it is in the system's hands, and found, when this returns.
    package func add(_ answer: RecordedAnswer) throws(RecordingError) {
        let line = answer.document.json + [UInt8(ascii: "\n")]
        do throws(RegistryError) {
            try self.state.withLock { (state) throws(RegistryError) in
                guard state.bytes + line.count <= self.fileBytesMax else {
                    throw RegistryError(.noSpace, "\(self.path) is full: a recording has \(self.fileBytesMax) bytes")
                }
                let file: OpenFile
                if let open = state.file { file = open } else { file = try OpenFile(appendingTo: self.path) }
                state.file = file
                if state.hasTornLine {
                    try file.truncate(to: Int64(state.bytes))
                    state.hasTornLine = false
                }
                // A write that fails half-way leaves a torn line behind.
                state.hasTornLine = true
                try file.append(line[...])
                state.hasTornLine = false
                state.bytes += line.count
                state.answers[answer.fingerprint] = answer
            }
        } catch {
            throw RecordingError(error.sentence)
        }
    }
}
