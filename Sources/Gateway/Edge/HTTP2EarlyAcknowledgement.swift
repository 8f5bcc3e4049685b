/// Makes NIOHTTP2 apply our settings from the client's first request on.
///
/// NIOHTTP2 applies its settings once the client has acknowledged them. Until then it accepts header lists of 16 KiB
/// and closes the connection on a longer one, although a client may send at once and the protocol has no such limit. So
/// an acknowledgement is inserted after the client's own SETTINGS, and the real one is removed. That is correct for
/// settings that allow no less than the defaults: a client that does not know them yet keeps to the defaults.
/// - Source: RFC 9113, 3.4 (the client begins with SETTINGS), 6.5.2 (the defaults) and 6.5.3 (acknowledgement).
package struct HTTP2EarlyAcknowledgement {
    private enum Awaited {
        case settings, acknowledgement, nothing
    }

    private static let prefaceBytes = 24
    private static let frameHeadBytes = 9
    private static let settingsType: UInt8 = 4
    private static let acknowledgedFlag: UInt8 = 1
    private static let acknowledgement: [UInt8] = [0, 0, 0, Self.settingsType, Self.acknowledgedFlag, 0, 0, 0, 0]

    private var awaited = Awaited.settings
    private var areSettingsPassing = false
    /// Bytes to pass through: of the preface, then of each payload.
    private var passingBytes = Self.prefaceBytes
    /// An incomplete frame head.
    private var head: [UInt8] = []

    package init() {}

    /// The bytes for NIOHTTP2 in place of `bytes`; nil if they are unchanged.
    /// - Complexity: O(bytes) until the acknowledgement has come, then O(1).
    package mutating func replacement(for bytes: Span<UInt8>) -> [UInt8]? {
        if self.awaited == .nothing { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + Self.frameHeadBytes)
        for index in bytes.indices {
            if self.awaited == .nothing {
                output.append(bytes[index])
                continue
            }
            if self.passingBytes > 0 {
                self.passingBytes -= 1
                output.append(bytes[index])
            } else {
                self.head.append(bytes[index])
                if self.head.count == Self.frameHeadBytes { self.beginFrame(&output) }
            }
            if self.areSettingsPassing, self.passingBytes == 0 {
                self.areSettingsPassing = false
                self.awaited = .acknowledgement
                output += Self.acknowledgement
            }
        }
        return output
    }

    /// Length (3 bytes), type, flags, and the stream (4), whose first bit is reserved.
    private mutating func beginFrame(_ output: inout [UInt8]) {
        let isSettings = self.head[3] == Self.settingsType
        let isAcknowledging = self.head[4] & Self.acknowledgedFlag != 0
        let length = self.head[..<3].reduce(0) { $0 << 8 | Int($1) }
        let isOfConnection = self.head[5] & 0x7F == 0 && self.head[6...].allSatisfy { $0 == 0 }
        defer { self.head = [] }
        switch self.awaited {
        case .settings where isSettings && !isAcknowledging: self.areSettingsPassing = true
        // Any other first frame: NIOHTTP2 refuses the connection.
        case .settings: self.awaited = .nothing
        case .acknowledgement where isSettings && isAcknowledging && isOfConnection && length == 0:
            self.awaited = .nothing
            return
        case .acknowledgement, .nothing: break
        }
        output += self.head
        self.passingBytes = length
    }
}
