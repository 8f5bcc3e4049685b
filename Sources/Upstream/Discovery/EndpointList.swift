/// The text of a file of endpoints: one on a line, with what is known of it behind.
///
///     # nodes of the second rack
///     http://10.0.0.7:4566  weight=2 priority=0 zone=b
///     unix:/run/brume/node.sock
///
/// `weight` and `priority` are numbers; every other name is a label. Text from `#` at the beginning of a line or behind
/// a space is a comment.
package enum EndpointList {
    /// Longest text, in bytes.
    package static let bytesMax = 256 << 10
    /// Labels of one endpoint.
    static let labelCountMax = 32

    /// Why a text is not a valid list; the line counts from 1.
    package struct Fault: Error, Sendable, Equatable {
        package let line: Int
        package let sentence: String

        package init(line: Int, sentence: String) {
            self.line = line
            self.sentence = sentence
        }
    }

    /// - Returns: the endpoints; none for an empty file, which is valid.
    package static func parse(_ text: String) throws(Fault) -> EndpointSet {
        guard text.utf8.count <= self.bytesMax else {
            throw Fault(line: 1, sentence: "the file is longer than \(self.bytesMax) bytes")
        }
        // The byte order mark that some editors write (U+FEFF).
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        var endpoints: [DiscoveredEndpoint] = []
        var seen: Set<String> = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard let found = try self.endpoint(line, number: index + 1) else { continue }
            guard seen.insert(found.endpoint.description).inserted else {
                throw Fault(line: index + 1, sentence: "\(found.endpoint) stands there twice")
            }
            endpoints.append(found)
        }
        guard let set = EndpointSet(endpoints) else {
            throw Fault(line: 1, sentence: "there are more than \(EndpointSet.countMax) endpoints")
        }
        return set
    }

    private static func endpoint(_ line: Substring, number: Int) throws(Fault) -> DiscoveredEndpoint? {
        var words = line.split { $0 == " " || $0 == "\t" }
        if let comment = words.firstIndex(where: { $0.hasPrefix("#") }) { words.removeSubrange(comment...) }
        guard let first = words.first else { return nil }
        guard let endpoint = UpstreamEndpoint(String(first)) else {
            throw Fault(
                line: number, sentence: "an endpoint is written http://host:port, https://host:port or unix:/path")
        }
        var found = DiscoveredEndpoint(endpoint)
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw Fault(line: number, sentence: "behind the endpoint stand pairs such as weight=2")
            }
            let value = word[word.index(after: equals)...]
            switch word[..<equals] {
            case "weight": found.weight = try self.number(value, 1...DiscoveredEndpoint.weightMax, "weight", number)
            case "priority":
                found.priority = try self.number(value, 0...DiscoveredEndpoint.weightMax, "priority", number)
            case let name:
                guard found.labels.count < self.labelCountMax else {
                    throw Fault(line: number, sentence: "an endpoint has at most \(self.labelCountMax) labels")
                }
                guard found.labels.updateValue(String(value), forKey: String(name)) == nil else {
                    throw Fault(line: number, sentence: "a label stands there twice")
                }
            }
        }
        return found
    }

    private static func number(
        _ text: Substring, _ range: ClosedRange<Int>, _ name: String, _ line: Int
    ) throws(Fault) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw Fault(line: line, sentence: "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
