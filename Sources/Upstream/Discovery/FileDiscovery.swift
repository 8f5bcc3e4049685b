package import Primitives

/// Endpoints from a file (`EndpointList`), read again when it changes.
///
/// The whole file is read every `interval` and compared. That works on every file system, including a file mounted into
/// a container, for which inotify reports nothing, and it does not miss changes within one tick of the modification
/// time. If the file is invalid or missing, the last endpoints are kept, and the failure is reported once.
package struct FileDiscovery: DiscoveryProvider {
    package typealias Element = DiscoveryUpdate
    package typealias Failure = Never

    package static let interval = Duration.seconds(2)

    private let path: String
    private let interval: Duration
    private let time: SteadyTime

    package init(path: String, interval: Duration = FileDiscovery.interval, time: SteadyTime = .system) {
        self.path = path
        self.interval = interval
        self.time = time
    }

    package func makeAsyncIterator() -> DiscoveryPollIterator<Source> {
        DiscoveryPollIterator(Source(path: self.path, interval: self.interval), time: self.time)
    }

    /// The polled source; holds the file as it was read last.
    package struct Source: DiscoverySource {
        let path: String
        let interval: Duration
        private var lastBytes: [UInt8]?

        fileprivate init(path: String, interval: Duration) {
            self.path = path
            self.interval = interval
        }

        package mutating func poll() async -> DiscoveryPollResult {
            DiscoveryPollResult(self.read(), lifetime: self.interval)
        }

        /// - Returns: nil when the file is unchanged.
        private mutating func read() -> DiscoveryUpdate? {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try Files.read(self.path, bytesMax: EndpointList.bytesMax)
            } catch {
                self.lastBytes = nil
                return .failed(error == .absent ? "\(self.path) is not there" : error.sentence)
            }
            guard bytes != self.lastBytes else { return nil }
            self.lastBytes = bytes
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failed("\(self.path) is not UTF-8")
            }
            do throws(EndpointList.Fault) {
                return .endpoints(try EndpointList.parse(text))
            } catch {
                return .failed("\(self.path), line \(error.line): \(error.sentence)")
            }
        }
    }
}
