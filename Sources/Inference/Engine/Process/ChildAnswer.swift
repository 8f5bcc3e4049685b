#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Collects the output of a child process that ends by itself.
enum ChildAnswer {
    /// Blocks its thread while the child runs.
    /// - Parameters:
    ///   - command: the program, searched in `PATH`, and its arguments.
    ///   - input: becomes its standard input; nil: `/dev/null`.
    ///   - bytesMax: the limit for its output; a child that exceeds it is killed.
    ///   - millisecondsMax: the timeout, after which it is killed.
    /// - Returns: its output and exit; nil for a child that was killed.
    /// - Throws: when it cannot be started.
    static func whole(
        of command: [String], input: Int32?, bytesMax: Int, millisecondsMax: Int
    ) throws(ProcessStartError) -> (bytes: [UInt8], end: ProcessEnd)? {
        let child = try ChildOutput.start(command, input: input, startsGroup: true)
        let (bytes, isWhole) = self.read(child.descriptor, bytesMax, millisecondsMax)
        if !isWhole { kill(-child.processID, SIGKILL) }
        let end = child.end()
        return isWhole ? (bytes, end) : nil
    }

    /// Reads to the end, within the limits on time and size.
    private static func read(
        _ descriptor: Int32, _ bytesMax: Int, _ millisecondsMax: Int
    ) -> (bytes: [UInt8], isWhole: Bool) {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(millisecondsMax)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while bytes.count <= bytesMax {
            let left = Int32(clamping: Int((deadline - clock.now) / .milliseconds(1)))
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = left > 0 ? unsafe poll(&waited, 1, left) : 0
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else { return (bytes, false) }
            let count = unsafe piece.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return (bytes, count == 0) }
            bytes.append(contentsOf: piece[..<count])
        }
        return (bytes, false)
    }
}

/// `read(2)`, whose name the method above shadows.
private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
