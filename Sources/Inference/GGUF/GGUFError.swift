/// Why a file is not accepted as a GGUF model: what is wrong, and where.
package struct GGUFError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error; `detail` describes it.
    package enum Kind: Sendable, Equatable {
        /// The file cannot be opened or read; the system's error number.
        case unreadable(errno: Int32)
        /// The first four bytes are not `GGUF`.
        case notGGUF
        /// Written with the other byte order.
        case bigEndian
        /// An unknown version of the format, or an unknown type.
        case unsupported
        /// The file ends before something that it declares.
        case truncated
        /// A number or a text exceeds a limit of the reader.
        case tooLarge
        /// The content contradicts itself or the format.
        case malformed
        /// The parts of a split model do not belong together, or one is missing.
        case split
    }

    package let kind: Kind
    package let path: String
    /// The offset in the file; nil when the error concerns the whole file.
    package let offset: UInt64?
    /// What was being read, such as `the value of "general.name"`; empty when the error concerns the whole file.
    package let place: String
    /// What is wrong, without a full stop.
    package let detail: String

    init(_ kind: Kind, path: String, offset: UInt64? = nil, place: String = "", _ detail: String) {
        self.kind = kind
        self.path = path
        self.offset = offset
        self.place = place
        self.detail = detail
    }

    /// One sentence for the user who supplied the file.
    package var description: String {
        let at = self.offset.map { ", at byte \($0)" } ?? ""
        let place = self.place.isEmpty ? "" : " (in \(self.place)\(at))"
        return "\(self.path): \(self.detail)\(place)."
    }

    /// A name from the file, safe to display: quoted, at most 80 characters, without terminal control characters.
    static func shown(_ name: String) -> String {
        var output = "\""
        for scalar in name.unicodeScalars.prefix(80) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            output.unicodeScalars.append(isControl || scalar == "\"" ? "\u{FFFD}" : scalar)
        }
        return output + (name.unicodeScalars.count > 80 ? "…\"" : "\"")
    }
}
