internal import Primitives
package import ServiceModel

/// A JSON text that is written or parsed repeatedly with only one string changing.
///
/// In a stream, the JSON around each piece of an answer is the same. With a frame, a chunk is written by copying the
/// parts before and after the string, and parsed by comparing them, without building a document.
package struct JSONFrame: Sendable, Equatable {
    /// Everything before the string's opening quote.
    private let before: [UInt8]
    /// Everything after the closing quote.
    private let behind: [UInt8]

    /// The frame of a text to be written.
    /// - Parameter document: places its argument at one position of an otherwise constant document.
    package init(_ document: (Document) -> Document) {
        let (one, other) = (document(.string("a")).json, document(.string("b")).json)
        guard let place = zip(one, other).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
            preconditionFailure("a frame has a place for its string")
        }
        self.before = Array(one[..<(place - 1)])
        self.behind = Array(one[(place + 2)...])
    }

    /// The frame of a parsed text: everything but the string value of the only member of that name, at any depth; nil
    /// unless exactly one member has the name and its value is a string without escapes.
    /// - Parameters:
    ///   - json: a valid JSON text.
    ///   - name: must not need escapes.
    package init?(of json: ArraySlice<UInt8>, member name: String) {
        // Quotes within strings are escaped, so this can only match a member's name.
        let bytes = json.span
        guard var start = Self.onlyEnd(of: Array("\"\(name)\":".utf8), in: bytes) else { return nil }
        if start < bytes.count, bytes[start] == 0x20 { start += 1 }
        guard start < bytes.count, bytes[start] == Self.quote else { return nil }
        var end = start + 1
        while end < bytes.count, bytes[end] != Self.quote {
            guard bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        self.before = Array(json[json.startIndex..<(json.startIndex + start)])
        self.behind = Array(json[(json.startIndex + end + 1)...])
    }

    private static let quote = UInt8(ascii: "\"")

    /// The end of the only occurrence of the mark; nil when there is none or more than one.
    private static func onlyEnd(of mark: [UInt8], in bytes: Span<UInt8>) -> Int? {
        var found: Int?
        var index = 0
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], ByteScan.areEqual(bytes.extracting(index..<(index + mark.count)), mark.span) {
                guard found == nil else { return nil }
                found = index + mark.count
            }
            index += 1
        }
        return found
    }

    /// The text with the given string.
    package func json(_ string: String) -> [UInt8] {
        var output = JSONOutput(reserving: self.before.count + string.utf8.count + self.behind.count + 8)
        output.string(string, between: self.before, and: self.behind)
        return output.bytes
    }

    /// The string of a text that matches the rest of the frame.
    /// - Returns: nil for any other text, and for a string with escapes; such a text must be parsed in full.
    package func string(in json: ArraySlice<UInt8>) -> String? {
        let bytes = json.span
        let start = self.before.count + 1
        let end = bytes.count - self.behind.count - 1
        guard start <= end, bytes[start - 1] == Self.quote, bytes[end] == Self.quote,
            ByteScan.areEqual(bytes.extracting(0..<(start - 1)), self.before.span),
            ByteScan.areEqual(bytes.extracting((end + 1)..<bytes.count), self.behind.span)
        else { return nil }
        let string = bytes.extracting(start..<end)
        guard unsafe string.withUnsafeBytes({ unsafe JSONText.isPlain($0) }) else { return nil }
        do {
            return String(copying: try UTF8Span(validating: string))
        } catch {
            return nil
        }
    }
}
