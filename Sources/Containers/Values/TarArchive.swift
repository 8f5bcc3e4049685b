/// Files to be copied into a container, as a `ustar` archive.
/// - Source: POSIX.1-2017, pax, "ustar Interchange Format".
package struct TarArchive: Sendable {
    private static let blockBytes = 512
    /// Of one archive.
    package static let bytesMax = 64 << 20
    /// A longer name does not fit into a file's header.
    package static let nameBytesMax = 100

    private var blocks: [UInt8] = []

    package init() {}

    /// Adds a file.
    /// - Parameters:
    ///   - name: relative, without `..`.
    ///   - contents: of the file.
    ///   - mode: its permissions.
    ///   - owner: user and group by number.
    /// - Returns: false where the name cannot be written, or the archive would be too large; nothing is added then.
    package mutating func add(_ name: String, _ contents: [UInt8], mode: Int = 0o644, owner: Int = 0) -> Bool {
        let isLawful =
            (1...Self.nameBytesMax).contains(name.utf8.count) && !name.hasPrefix("/")
            && !name.split(separator: "/").contains("..") && !name.utf8.contains(0)
        let padding = (Self.blockBytes - contents.count % Self.blockBytes) % Self.blockBytes
        guard isLawful, self.blocks.count + contents.count + 3 * Self.blockBytes <= Self.bytesMax else { return false }
        self.blocks += Self.head(name, count: contents.count, mode: mode, owner: owner)
        self.blocks += contents
        self.blocks += [UInt8](repeating: 0, count: padding)
        return true
    }

    /// The archive, including its end marker.
    package var bytes: [UInt8] { self.blocks + [UInt8](repeating: 0, count: 2 * Self.blockBytes) }

    private static func head(_ name: String, count: Int, mode: Int, owner: Int) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: self.blockBytes)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { head[place + index] = byte }
        }
        put(name, at: 0)
        put(self.octal(mode, digits: 7), at: 100)
        put(self.octal(owner, digits: 7), at: 108)
        put(self.octal(owner, digits: 7), at: 116)
        put(self.octal(count, digits: 11), at: 124)
        put(self.octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = head.reduce(0) { $0 + Int($1) }
        put(self.octal(sum, digits: 6), at: 148)
        head[154] = 0
        return head
    }

    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
