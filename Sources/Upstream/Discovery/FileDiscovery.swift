package import Primitives

/// The endpoints that a file names (`EndpointList`), read again where it has changed.
///
/// The whole file is read every `interval` and compared: that works on every file system, also where a file is mounted
/// into a container, of which inotify learns nothing, and it misses no change that two times of one tick hide. A file
/// that is wrong, or gone, leaves the last endpoints as they are, and is told once.
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

    package func makeAsyncIterator() -> DiscoveryLooks<Source> {
        DiscoveryLooks(Source(path: self.path, interval: self.interval), time: self.time)
    }

    /// The file as it was read last.
    package struct Source: DiscoverySource {
        let path: String
        let interval: Duration
        private var lastBytes: [UInt8]?

        fileprivate init(path: String, interval: Duration) {
            self.path = path
            self.interval = interval
        }

        package mutating func look() async -> (update: DiscoveryUpdate?, lifetime: Duration) {
            (self.read(), self.interval)
        }

        /// - Returns: nil where the file is as it was.
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
