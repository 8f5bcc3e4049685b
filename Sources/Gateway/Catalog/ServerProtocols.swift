internal import ServiceModel
internal import WireProtocols

/// The codec of each wire protocol.
struct ServerProtocols: Sendable {
    private let json1_0 = AWSJSONProtocol(.awsJson1_0)
    private let json1_1 = AWSJSONProtocol(.awsJson1_1)
    private let restJSON = RestJSONProtocol()
    private let restXML = RestXMLProtocol()
    private let query = AWSQueryProtocol()
    private let ec2 = EC2QueryProtocol()
    private let cbor = RPCv2CBORProtocol()

    subscript(name: ProtocolName) -> any ServerProtocol {
        switch name {
        case .awsJson1_0: self.json1_0
        case .awsJson1_1: self.json1_1
        case .restJson1: self.restJSON
        case .restXml: self.restXML
        case .awsQuery: self.query
        case .ec2Query: self.ec2
        case .rpcv2Cbor: self.cbor
        }
    }
}
