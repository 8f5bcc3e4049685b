/// A JSON value with the position of its end.
struct JSONNode: Sendable {
    /// A member of an object, in the order of the text.
    struct Member: Sendable {
        let name: String
        let node: JSONNode
    }

    /// What a value is.
    indirect enum Value: Sendable {
        case object([Member])
        case array([JSONNode])
        case string(String)
        /// The number as written.
        case number(String)
        case boolean(Bool)
        case null
    }

    let value: Value
    /// The position after the value's last character.
    let end: PolicyError.Place

    /// The text of a string, or of a number or boolean as it would be quoted.
    var scalar: String? {
        switch self.value {
        case .string(let text), .number(let text): text
        case .boolean(let truth): truth ? "true" : "false"
        case .object, .array, .null: nil
        }
    }
}
