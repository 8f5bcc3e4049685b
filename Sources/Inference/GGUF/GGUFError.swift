/// Why a file is not taken as a GGUF model: what is wrong, and where it stands.
package struct GGUFError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, by kind; `detail` says it in words.
    package enum Kind: Sendable, Hashable {
        /// The system does not let the file be opened or read; its error number.
        case unreadable(errno: Int32)
        /// The first four bytes are not `GGUF`.
        case notGGUF
        /// Written for machines of the other byte order.
        case bigEndian
        /// A version of the format, or a type, that is not known here.
        case unsupported
        /// The file ends before something that it announces.
        case truncated
        /// A number or a text is over a limit of the reader.
        case tooLarge
        /// What stands in the file contradicts itself or the format.
        case malformed
        /// The parts of a split model do not belong together, or one is missing.
        case split
    }

    package let kind: Kind
    package let path: String
    /// Where in the file, in bytes from its beginning; nil when it is about the whole file.
    package let offset: UInt64?
    /// What was being read, such as `the value of "general.name"`; empty when it is about the whole file.
    package let place: String
    /// What is wrong, without a stop at the end.
    package let detail: String

    init(_ kind: Kind, path: String, offset: UInt64? = nil, place: String = "", _ detail: String) {
        self.kind = kind
        self.path = path
        self.offset = offset
        self.place = place
        self.detail = detail
    }

    /// One sentence for the person who gave the file.
    package var description: String {
        let at = self.offset.map { ", at byte \($0)" } ?? ""
        let place = self.place.isEmpty ? "" : " (in \(self.place)\(at))"
        return "\(self.path): \(self.detail)\(place)."
    }

    /// A name from the file, fit to be shown: quoted, at most 80 characters, nothing that moves a terminal's cursor.
    static func shown(_ name: String) -> String {
        var output = "\""
        for scalar in name.unicodeScalars.prefix(80) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            output.unicodeScalars.append(isControl || scalar == "\"" ? "\u{FFFD}" : scalar)
        }
        return output + (name.unicodeScalars.count > 80 ? "…\"" : "\"")
    }
}
