internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The format of the registry's small files: a line with the format's name and the checksum of the rest, then JSON.
///
///     brume-model 1 9f0c1a2b
///     {"name": …}
///
/// The checksum is the CRC-32 of everything after the first line, in eight hexadecimal digits. It detects files that
/// were edited or damaged before their content is used.
enum RegistryText {
    /// Larger files are treated as damaged.
    static let bytesMax = 1 << 20

    private static let member = MemberSchema(name: "document", target: ShapeSchema(name: "Document", type: .document))

    static func encode(_ format: String, _ document: Document) -> [UInt8] {
        let body = self.json(document) + [UInt8(ascii: "\n")]
        return Array("\(format) \(self.checksum(body))\n".utf8) + body
    }

    /// - Returns: nil when the format or the checksum does not match.
    static func decode(_ format: String, _ bytes: [UInt8]) -> Document? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let body = Array(bytes[(end + 1)...])
        guard Array("\(format) \(self.checksum(body))".utf8) == Array(bytes[..<end]) else { return nil }
        return self.document(body)
    }

    /// - Returns: nil when it is not a JSON document.
    static func document(_ json: [UInt8]) -> Document? {
        do throws(ShapeError) {
            let reader = try JSONFormat().makeReader(json, root: .payload(self.member))
            let document = try reader.readDocument(self.member)
            try reader.finish()
            return document
        } catch {
            return nil
        }
    }

    static func json(_ document: Document) -> [UInt8] {
        let writer = JSONFormat().makeWriter(root: .payload(self.member))
        writer.document(document, self.member)
        return writer.takeBytes()
    }

    private static func checksum(_ bytes: [UInt8]) -> String {
        let value = CRC32.checksum(bytes)
        return Hex.encode((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) })
    }
}
