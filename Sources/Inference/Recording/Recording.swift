internal import ServiceModel
internal import Synchronization
internal import WireProtocols

/// Recorded answers of models in a file, one JSON object per line: written as they are given, and looked up by request.
///
/// The file is read once, when it is opened; answers added by this process are available immediately. Lines may be
/// added, removed and edited while no server uses the file, and files may be concatenated with `cat`.
package final class Recording: Sendable {
    /// The size limit of the file, after which nothing is recorded; its content is also held in memory.
    static let fileBytesMax = 256 << 20

    private struct State {
        var answers: [RequestFingerprint: RecordedAnswer] = [:]
        /// The end of the last complete line.
        var bytes = 0
        /// Whether an incomplete line follows it.
        var hasTornLine = false
        var file: OpenFile?
    }

    package let path: String
    private let fileBytesMax: Int
    private let state: Mutex<State>

    /// Reads a file; a missing file has no answers.
    /// - Throws: when a line is not in this version's format; a last line without terminator is an interrupted write
    ///   and not an error.
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
            // Blank lines are allowed for readability.
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            guard let document = Document(json: line) else {
                throw RecordingError("line \(number) of \(path) cannot be used: it is no JSON")
            }
            do throws(RecordingError) {
                let answer = try RecordedAnswer(document)
                // The last answer to a request wins.
                state.answers[answer.fingerprint] = answer
            } catch {
                throw RecordingError("line \(number) of \(path) cannot be used: \(error.sentence)")
            }
        }
        return state
    }

    /// The number of requests with an answer.
    package var count: Int { self.state.withLock { $0.answers.count } }

    package func answer(_ fingerprint: RequestFingerprint) -> RecordedAnswer? {
        self.state.withLock { $0.answers[fingerprint] }
    }

    /// Appends an answer; when this returns, it was passed to the operating system and can be looked up.
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
                // A failed write leaves an incomplete line.
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
